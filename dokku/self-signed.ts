import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { run } from '#lib/exec.ts'
import type { GivenCertificate } from './check-certificate.ts'

/** A certificate that signs itself, for a year, and its key; by openssl. */
export async function selfSigned(host: string): Promise<GivenCertificate> {
  const dir = await mkdtemp(`${tmpdir()}/certs-`)
  try {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const subject = ['-subj', '/CN=dokku', '-addext', `subjectAltName=DNS:${host}`]
    await run(['openssl', 'req', '-x509', '-days', '365', ...curve, ...subject, '-keyout', `${dir}/key`, '-out', `${dir}/crt`])
    const [chain, key] = await Promise.all([readFile(`${dir}/crt`, 'utf8'), readFile(`${dir}/key`, 'utf8')])
    return { chain, key }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
