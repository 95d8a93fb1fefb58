import { parseDockerfile } from './instructions.ts'

/** The secret's id in the session. */
export const caSecret = 'dokku-ca'
/** Where a RUN step finds it: /dev is fresh memory in every step, while elsewhere Engine 20.10 leaves an empty file in the image. */
const bundle = `/dev/${caSecret}.crt`
const mount = `--mount=type=secret,id=${caSecret},target=${bundle},mode=0444`

/**
 * What common tools read the place of their certificates from. Not the system store: replacing a file in /etc/ssl
 * would break `update-ca-certificates`, which renames over it.
 */
const variables = [
  'SSL_CERT_FILE', // OpenSSL, Go, Ruby, uv
  'SSL_CA_CERT_FILE', // apk
  'CURL_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'REQUESTS_CA_BUNDLE', // Python requests, and pip with it
  'PIP_CERT',
  'NODE_EXTRA_CA_CERTS',
  'npm_config_cafile', // npm, yarn 1, pnpm
  'YARN_HTTPS_CA_FILE_PATH',
  'DENO_CERT',
  'CARGO_HTTP_CAINFO',
  'BUNDLE_SSL_CA_CERT',
  'COMPOSER_CAFILE',
  'HEX_CACERTS_PATH',
  'AWS_CA_BUNDLE',
  'NIX_SSL_CERT_FILE',
]

/** A rewritten Dockerfile; `originalLine` maps a line number of it (from 1) to the one the author knows. */
export interface Trusting {
  text: string
  originalLine(line: number): number
}

/**
 * Makes every RUN of a Dockerfile see our bundle of certificates, as a secret mount that exists for that step only, and
 * points tools at it with ARGs, which no image keeps. An `ENV` of the author's wins over them. ONBUILD is left alone.
 */
export function trusting(content: string): Trusting {
  const { lines, instructions } = parseDockerfile(content)
  const result = [...lines]
  const inserted: number[] = []
  for (const { name, first, last } of instructions) {
    const line = lines[first] ?? ''
    if (name === 'RUN') result[first] = line.replace(/^(\uFEFF?\s*RUN)[ \t]*/i, `$1 ${mount} `)
    if (name !== 'FROM') continue
    const ending = line.endsWith('\r') ? '\r' : ''
    result[last] += `\n${variables.map((variable) => `ARG ${variable}=${bundle}${ending}`).join('\n')}`
    inserted.push(last)
  }
  return {
    text: result.join('\n'),
    originalLine(line) {
      let original = line
      for (const after of inserted) {
        // `after` is an index, `original` counts from 1: lines up to it are where they were.
        if (original <= after + 1) break
        original = Math.max(after + 1, original - variables.length)
      }
      return original
    },
  }
}
