import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { isIP } from 'node:net'
import { tmpdir } from 'node:os'
import { run } from '../exec.ts'

/** A fresh P-256 key in PEM, and the request for a certificate of these hosts and addresses, in DER; by openssl. */
export async function certificateRequest(hosts: readonly string[]): Promise<{ key: string; csr: Buffer }> {
  const dir = await mkdtemp(`${tmpdir()}/acme-`)
  try {
    const names = hosts.map((host) => (isIP(host) === 0 ? `DNS:${host}` : `IP:${host}`)).join(',')
    const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${dir}/key`]
    const about = ['-subj', '/', '-addext', `subjectAltName=${names}`, '-outform', 'DER', '-out', `${dir}/csr`]
    await run(['openssl', 'req', '-new', '-sha256', ...fresh, ...about])
    const [key, csr] = await Promise.all([readFile(`${dir}/key`, 'utf8'), readFile(`${dir}/csr`)])
    return { key, csr }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
