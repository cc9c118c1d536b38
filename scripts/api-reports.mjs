// Compares the public API of each entry, as built, with the report in api/.
//   node scripts/api-reports.mjs             fails when a report is not what the build gives
//   node scripts/api-reports.mjs --update    writes the reports anew, to be reviewed as a diff
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { packages, root } from './packages.mjs';

const { values } = parseArgs({ options: { update: { type: 'boolean', default: false } } });

let failed = 0;
for (const { name, folder, entries } of packages) {
  for (const { path, types, specifier } of entries) {
    const report = `${name}${path.slice(1).replaceAll('/', '.')}`;
    if (extract(folder, types, report)) {
      console.log(`${specifier}: api/${report}.api.md is up to date`);
    } else {
      failed += 1;
      console.error(
        `${specifier}: api/${report}.api.md is out of date; run "npm run api:update" and review the diff`,
      );
    }
  }
}
process.exitCode = failed > 0 ? 1 : 0;

function extract(folder, types, report) {
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: `${folder}/package.json`,
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: `${folder}/${types}`,
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'es2022',
            lib: ['es2023', 'esnext.disposable'],
            module: 'esnext',
            moduleResolution: 'bundler',
            types: ['node'],
            strict: true,
            skipLibCheck: true,
          },
          files: [types],
        },
      },
      apiReport: {
        enabled: true,
        reportFolder: `${root}api`,
        reportTempFolder: `${folder}/node_modules/.api`,
        reportFileName: `${report}.api.md`,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        extractorMessageReporting: {
          // All of it is public; there are no release tags.
          'ae-missing-release-tag': { logLevel: 'none' },
        },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
  });
  const result = Extractor.invoke(config, {
    localBuild: values.update,
    showVerboseMessages: false,
    messageCallback(message) {
      // The compiler that API Extractor brings is older than ours, which is of no matter to a report.
      if (message.messageId === 'console-compiler-version-notice') message.handled = true;
      if (message.logLevel === 'info') message.handled = true;
    },
  });
  if (values.update) return result.errorCount === 0;
  return result.succeeded && !result.apiReportChanged && exists(`${root}api/${report}.api.md`);
}

function exists(file) {
  try {
    return readFileSync(file, 'utf8').length > 0;
  } catch {
    return false;
  }
}
