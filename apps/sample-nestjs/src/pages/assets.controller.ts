import { Public } from '@latchkey/nestjs-auth';
import { Controller, Get, NotFoundException, Param, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiExcludeController } from '@nestjs/swagger';
import { readAssets } from '../http/assets.js';

/** Style sheets, scripts and pictures. */
@Public()
@ApiExcludeController()
@Controller('assets')
export class AssetsController {
  private readonly assets = readAssets();

  constructor(private readonly adapters: HttpAdapterHost) {}

  @Get(':name')
  asset(@Param('name') name: string, @Res({ passthrough: true }) response: object): string {
    const asset = this.assets.get(name);
    if (!asset) throw new NotFoundException();
    const { httpAdapter } = this.adapters;
    httpAdapter.setHeader(response, 'Content-Type', asset.type);
    httpAdapter.setHeader(response, 'Cache-Control', 'public, max-age=600');
    return asset.text;
  }
}
