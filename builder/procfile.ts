/** Process types and commands of a Procfile as herokuish reads it: `#` lines are skipped, and the first line of a type counts. */
export function readProcfile(text: string): Record<string, string> {
  const types: Record<string, string> = {}
  for (const line of text.split(/\r?\n/)) {
    const [, name, command] = /^([\w-]{1,63})\s*:\s*(\S.*)$/.exec(line.trim()) ?? []
    if (name !== undefined && command !== undefined && !line.startsWith('#') && !Object.hasOwn(types, name)) types[name] = command
  }
  return types
}
