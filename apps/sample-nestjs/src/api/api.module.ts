import { Module } from '@nestjs/common';
import { DeparturesService } from '../departures/departures.service.js';
import { LicensesService } from '../licenses/licenses.service.js';
import { ApiController } from './api.controller.js';

@Module({
  controllers: [ApiController],
  providers: [LicensesService, DeparturesService],
  exports: [LicensesService, DeparturesService],
})
export class ApiModule {}
