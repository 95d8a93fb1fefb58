import type { Output } from '#lib/output.ts'
import type { App } from './app.ts'
import { certificateOf, type Origin, removeCertificate, restoreCertificate, storeCertificate } from './certificates.ts'
import type { CheckedCertificate } from './check-certificate.ts'
import { resite } from './routing.ts'

/** Serves an app with a certificate from now on, or without any; when the appliance refuses that, everything is as it was. */
export async function changeCertificate(
  app: App,
  wanted: { certificate: CheckedCertificate; origin: Origin } | undefined,
  output: Output,
): Promise<void> {
  const before = certificateOf(app)
  if (wanted === undefined) removeCertificate(app)
  else storeCertificate(app, wanted.certificate, wanted.origin)
  try {
    await resite(app, output)
  } catch (error) {
    restoreCertificate(app, before)
    throw error
  }
  await app.instance.fire(wanted === undefined ? 'post-certs-remove' : 'post-certs-update', { app: app.name })
}
