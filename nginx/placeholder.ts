import { existsSync } from 'node:fs'
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { run } from '#lib/exec.ts'
import { placeholder, type Settings } from './settings.ts'

/** Makes the certificate for nobody, unless it is there: nginx shows it to no client, but does not start without one. */
export async function makePlaceholder(settings: Pick<Settings, 'stateDir'>): Promise<void> {
  const file = placeholder(settings)
  if (existsSync(file)) return
  const [key, certificate, fresh] = [`${file}.key`, `${file}.crt`, `${file}.new`]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  await run(['openssl', 'req', '-x509', ...curve, '-nodes', '-days', '36500', '-subj', '/CN=nobody', '-keyout', key, '-out', certificate])
  await writeFile(fresh, (await readFile(certificate, 'utf8')) + (await readFile(key, 'utf8')), { mode: 0o600, flush: true })
  await chmod(fresh, 0o600)
  await rename(fresh, file)
  await Promise.all([key, certificate].map((one) => rm(one)))
}
