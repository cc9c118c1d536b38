/** How providers call themselves, by their names here. */
export function providerLabel(name: string): string {
  return labels[name] ?? name;
}

const labels: Readonly<Record<string, string>> = { cryptlex: 'Cryptlex', lclx: 'LCLXchange' };
