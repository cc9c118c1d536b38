import type { OpenAPIObject } from '@nestjs/swagger';

/** Schemas of a document, by their names. */
export type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

/** One of them, in place. */
export type Schema = Exclude<Schemas[string], { $ref: string }>;
