import type { Identity } from '@latchkey/core';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** Who is signed in, with the claim names of OpenID Connect. */
export class Me implements Identity {
  @ApiProperty({ enum: ['cryptlex', 'lclx'] })
  readonly provider!: string;
  @ApiProperty({ description: 'Stable for each provider' })
  readonly subject!: string;
  @ApiPropertyOptional({ format: 'email' })
  readonly email?: string;
  @ApiPropertyOptional()
  readonly name?: string;
  @ApiPropertyOptional()
  readonly givenName?: string;
  @ApiPropertyOptional()
  readonly middleName?: string;
  @ApiPropertyOptional()
  readonly familyName?: string;
  @ApiPropertyOptional({ format: 'uri' })
  readonly picture?: string;
}
