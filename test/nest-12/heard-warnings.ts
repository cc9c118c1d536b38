import { Logger } from '@nestjs/common';

/** Has Nest log nothing in this process, and gives the warnings of Latchkey from now on. */
export function heardWarnings(): readonly string[] {
  const warnings: string[] = [];
  Logger.overrideLogger({
    log: () => undefined,
    error: () => undefined,
    warn(message: unknown, context: unknown) {
      if (context === 'Latchkey') warnings.push(String(message));
    },
  });
  return warnings;
}
