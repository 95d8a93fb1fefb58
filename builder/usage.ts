import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { messageOf, UserError } from '#lib/errors.ts'

export const usage = `builder: source in, image out

  builder build DIR|- [-t IMAGE]   build a directory, or a tar on standard input
      --driver NAME            the driver, instead of the first that knows the tree
      -f, --file PATH          the Dockerfile; --target STAGE: its stage
      --buildpack URL          may be repeated, in their order; --stack IMAGE: where they compile
      --build-arg NAME=VALUE   a value for an ARG; may be repeated
      --env NAME=VALUE         a variable that the build may read, and no layer keeps; NAME alone: as it is here
      --label NAME=VALUE       a label of the image; may be repeated
      --ca FILE                certificates (PEM) that programs in the build shall trust
      --debian IMAGE           Debian with apt, of which bases are made where no registry answers
      --logins FILE            logins to registries, as docker login writes them (~/.docker/config.json)
      --push                   push the image to the registry in its name
      --no-cache               run every step again
  builder detect DIR               print who would build it

  builder serve                    take pushes over SSH and HTTP; each flag is also BUILDER_FLAG in the environment
      --ssh PORT, --http ADDRESS   the doors: execd and gitreceive, as programs
      --auth PROGRAM           who comes in: AUTH USER KEY, AUTH USER - with the secret on standard input (allow's)
      --prefix PREFIX          images are PREFIX/NAME:COMMIT and PREFIX/NAME:latest (builder)
      --push HOST/PREFIX       also push them, as HOST/PREFIX/NAME
      --at-once N (2), --waiting N (20)    builds that run, and that may wait
      --timeout SECONDS (3600) of one build
      --memory SIZE, --cpus N  of all builds together
      --keep N (100)           ended jobs, with their logs and images
      --state DIR (/var/lib/builder), --socket PATH (/run/builder/builder.sock), --ca, --debian, --logins
  builder allow NAME <KEY.pub      let somebody in by a key; --token: by a token, which it prints
  builder forbid NAME              take away all keys and tokens of somebody
  builder jobs [--json]            what is built, waits, and was built
  builder logs JOB [-f]            what a job said, and with -f goes on to say
  builder cancel JOB
  builder receive NAME COMMIT USER FINGERPRINT
                                   build the tar on standard input in the daemon: a receiver for gitreceive`

/** Reads words by parseArgs' options; UserError `usage` (exit status 64). */
export function read<const T extends ParseArgsOptionsConfig>(words: string[], options: T) {
  try {
    return parseArgs({ args: words, allowPositionals: true, options })
  } catch (error) {
    throw misused(messageOf(error))
  }
}

export function misused(message: string): UserError {
  return new UserError('usage', message, { hint: 'builder help', exitCode: 64 })
}

/** A whole number of at least 1. */
export function count(flag: string, text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number > 0) return number
  throw misused(`--${flag} is a number from 1, not ${text}`)
}

/** `NAME=VALUE` words as an object; a NAME alone has the value that `otherwise` has. */
export function pairs(words: readonly string[] = [], otherwise: NodeJS.ProcessEnv = {}): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=')
      const value = at === -1 ? otherwise[word] : word.slice(at + 1)
      if (at === 0 || value === undefined) throw new UserError('usage', `"${word}" is not of the form NAME=VALUE`, { exitCode: 64 })
      return [at === -1 ? word : word.slice(0, at), value]
    }),
  )
}
