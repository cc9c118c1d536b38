/** The root of an application, whose parts are given beside it: `NestFactory.create({ module: AppModule, … })`. */
export class AppModule {
  readonly name = 'app';
}
