import { ApiProperty } from '@nestjs/swagger';

/** A licence, as far as this application shows it. */
export class License {
  @ApiProperty({ format: 'uuid' })
  readonly id!: string;
  /** Its name. */
  @ApiProperty()
  readonly product!: string;
  @ApiProperty({ enum: ['active', 'expired', 'suspended', 'revoked'] })
  readonly status!: 'active' | 'expired' | 'suspended' | 'revoked';
  @ApiProperty({ type: 'integer' })
  readonly activations!: number;
  @ApiProperty({ type: 'integer', nullable: true, description: '`null`: as many as one likes' })
  readonly allowedActivations!: number | null;
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true, description: '`null`: never' })
  readonly expiresAt!: string | null;
}

/** Some licences of many. */
export class LicensePage {
  @ApiProperty({ type: 'integer', minimum: 1 })
  readonly page!: number;
  @ApiProperty({ description: 'Whether there is a next page' })
  readonly hasMore!: boolean;
  @ApiProperty({ type: [License] })
  readonly licenses!: readonly License[];
}
