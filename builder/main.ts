import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { docker } from '#lib/docker.ts'
import { messageOf, UserError } from '#lib/errors.ts'
import { output } from '#lib/output.ts'
import { selectDriver } from './drivers.ts'

const usage = `Build a directory into an image.

  node builder/main.ts DIRECTORY IMAGE [options]

  --build-arg NAME=VALUE   a value for an ARG; may be repeated
  --label NAME=VALUE       a label of the image; may be repeated
  --ca FILE                certificates (PEM) that programs in the build shall trust
  --no-cache               run every step again`

/** Runs the program; the exit status is its answer. */
async function main(argv: string[]): Promise<number> {
  const out = output(
    (text) => process.stdout.write(text),
    (text) => process.stderr.write(text),
  )
  try {
    const { values, positionals } = parse(argv)
    const [dir, image, ...more] = positionals
    if (values.help) {
      out.line(usage)
      return 0
    }
    if (dir === undefined || image === undefined || more.length > 0)
      throw new UserError('usage', 'a directory and an image name are needed', { hint: usage })
    const source = { dir: resolve(dir) }
    const abort = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort())
    const { driver } = await selectDriver(source)
    out.step(`Building ${image} with ${driver.name}`)
    const { imageId } = await driver.build(
      {
        source,
        image,
        labels: pairs(values.label),
        buildArgs: pairs(values['build-arg']),
        noCache: values['no-cache'] ?? false,
        output: out,
        signal: abort.signal,
        ...(values.ca !== undefined && { ca: await readFile(values.ca, 'utf8') }),
      },
      await docker(),
    )
    out.result(`${image} is ${imageId}`)
    return 0
  } catch (error) {
    out.warn(messageOf(error))
    if (!(error instanceof UserError)) return 1
    if (error.hint !== undefined) out.warn(error.hint)
    return error.exitCode
  }
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        'build-arg': { type: 'string', multiple: true },
        label: { type: 'string', multiple: true },
        ca: { type: 'string' },
        'no-cache': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw new UserError('usage', messageOf(error), { hint: usage })
  }
}

function pairs(words: string[] = []): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=')
      if (at < 1) throw new UserError('usage', `"${word}" is not of the form NAME=VALUE`)
      return [word.slice(0, at), word.slice(at + 1)]
    }),
  )
}

process.exitCode = await main(process.argv.slice(2))
