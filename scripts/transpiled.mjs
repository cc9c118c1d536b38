import ts from 'typescript';

/** An example in TypeScript as JavaScript, with decorators as Nest reads them. Types are not checked. */
export function transpiled(code) {
  return ts.transpileModule(code, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  }).outputText;
}
