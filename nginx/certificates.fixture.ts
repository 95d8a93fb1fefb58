import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { run } from '#lib/exec.ts'

/** A certificate that signs itself, for these names, made by openssl. */
export async function selfSigned(...names: readonly string[]): Promise<{ certificate: string; key: string }> {
  const dir = await mkdtemp(`${tmpdir()}/certificate-`)
  try {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30']
    const subject = ['-subj', `/CN=${names[0]}`, '-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`]
    await run(['openssl', 'req', '-x509', ...curve, ...subject, '-keyout', `${dir}/key`, '-out', `${dir}/crt`])
    const [certificate, key] = await Promise.all([readFile(`${dir}/crt`, 'utf8'), readFile(`${dir}/key`, 'utf8')])
    return { certificate, key }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
