import type { Settings } from './settings.ts'

/** The lines of a text, two blanks further in. */
export function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}

/** A block of nginx's configuration. */
export function block(words: string, text: string): string {
  return `${words} {\n${indent(text)}}\n`
}

/** The `listen` lines of a port, for IPv4 and, where the kernel has it, IPv6. */
export function listen(port: number, parameters: string, { ipv6 }: Pick<Settings, 'ipv6'>): string {
  const addresses = ipv6 ? [`${port}`, `[::]:${port}`] : [`${port}`]
  return addresses.map((address) => `listen ${address}${parameters};\n`).join('')
}
