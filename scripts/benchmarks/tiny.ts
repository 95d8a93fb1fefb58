import { run } from '#lib/exec.ts'
import { writeFiles } from '../../tests/e2e/harness/engine.ts'
import { engine, ok, scratch } from '../../tests/e2e/harness.ts'

/** Makes the smallest web app there is, a static busybox and one page, as an image on the host's engine; returns its name. */
export async function tinyImage(): Promise<string> {
  const prefix = process.env.DOKKU_TEST_PREFIX ?? 'bench'
  const { dir, remove } = await scratch()
  try {
    await writeFiles(dir, { 'www/index.html': 'tiny\n' })
    await run(['tar', '-cf', `${dir}/tiny.tar`, '-C', '/usr', 'bin/busybox', '-C', dir, 'www'])
    const changes = ['CMD ["/bin/busybox", "httpd", "-f", "-p", "5000", "-h", "/www"]', `LABEL dokku.instance=${prefix}`]
    ok(await engine().docker(['import', ...changes.flatMap((change) => ['--change', change]), `${dir}/tiny.tar`, `${prefix}-tiny:latest`]))
    return `${prefix}-tiny:latest`
  } finally {
    await remove()
  }
}
