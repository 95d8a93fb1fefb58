import { UserError } from './errors.ts'

const units: Record<string, number> = { '': 1, b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }

/** Bytes of a size as Docker spells it: 512m, 2g, 1048576. */
export function parseSize(text: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([bkmgt]?)b?$/i.exec(text.trim()) ?? []
  const factor = units[(unit ?? '').toLowerCase()]
  if (digits === undefined || factor === undefined)
    throw new UserError('bad-size', `${JSON.stringify(text.slice(0, 40))} is not a size`, {
      hint: 'a number of bytes, or one with k, m or g: 512m, 2g',
    })
  return Math.round(Number(digits) * factor)
}

/** A size for people: 2 GiB, 512 MiB. */
export function formatSize(bytes: number): string {
  const step = Math.min(4, Math.floor(Math.log2(Math.max(bytes, 1)) / 10))
  const value = bytes / 2 ** (10 * step)
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][step]}`
}
