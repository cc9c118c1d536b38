import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('.', import.meta.url));
const declarations = `${folder}types/dist`;
const index = fileURLToPath(new URL('../src/index.ts', import.meta.url));

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.es2024.string.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  customConditions: ['@latchkey/source'],
  types: ['node'],
  strict: true,
  esModuleInterop: true,
};

describe('the types', () => {
  // What is published is declarations: it is these that must do without the types of others.
  beforeAll(() => {
    mkdirSync(declarations, { recursive: true });
    const program = ts.createProgram([index], { ...options, declaration: true, emitDeclarationOnly: true });
    program.emit(undefined, (file, text, _mark, _onError, sources) => {
      const isOurs = sources?.some(({ fileName }) => fileName.includes('passport-strategy/src/'));
      if (isOurs) writeFileSync(`${declarations}/${basename(file)}`, text);
    });
  }, 60_000);

  afterAll(() => rmSync(declarations, { recursive: true }));

  it.each([
    ['with-passport', true],
    ['without-passport', false],
  ])(
    'compile in an application %s',
    (name, hasPassport) => {
      const program = ts.createProgram([`${folder}types/${name}.mts`], {
        ...options,
        noEmit: true,
        skipLibCheck: false,
        paths: { '@latchkey/passport-strategy': [`${declarations}/index.d.ts`] },
      });
      const loaded = program.getSourceFiles().map(({ fileName }) => fileName);
      expect(loaded.some((file) => file.includes('@types/passport/'))).toBe(hasPassport);
      expect(loaded.some((file) => file.includes('@types/express'))).toBe(hasPassport);
      expect(ts.getPreEmitDiagnostics(program).map(said)).toEqual([]);
    },
    60_000,
  );
});

function said({ file, start = 0, messageText }: ts.Diagnostic): string {
  const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
  return `${file?.fileName}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
}
