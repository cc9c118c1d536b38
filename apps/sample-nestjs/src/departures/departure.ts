import { ApiProperty } from '@nestjs/swagger';

/** A sailing. LCLXchange writes its moments without a zone, so they stay the text that they are. */
export class Departure {
  @ApiProperty({ example: 'Shanghai, CN' })
  readonly from!: string;
  @ApiProperty({ example: 'Los Angeles, US' })
  readonly to!: string;
  @ApiProperty({ example: '2027-01-04 06:30:00' })
  readonly departs!: string;
  @ApiProperty({ type: 'string', nullable: true, example: '2027-01-21 21:15:00' })
  readonly arrives!: string | null;
  @ApiProperty({ type: 'string', nullable: true })
  readonly carrier!: string | null;
  @ApiProperty({ type: 'string', nullable: true })
  readonly vessel!: string | null;
}
