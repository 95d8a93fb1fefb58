import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join, normalize } from 'node:path'
import type { Docker } from '#lib/docker.ts'
import { git } from '#lib/git.ts'

const packs = join(import.meta.dirname, '../tests/buildpacks')

/** Serves the buildpacks of the tests as git repositories, at an address that steps of builds reach. */
export async function serveBuildpacks(engine: Docker): Promise<{ url(name: string): string; close(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'builder-packs-'))
  for (const name of ['nodejs', 'copy', 'greeter']) {
    const [work, bare] = [join(dir, name), join(dir, `${name}.git`)]
    await cp(join(packs, name), work, { recursive: true })
    const commit = ['-c', 'user.name=A', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--message', name]
    await git(['-C', work, 'init', '--quiet', '--initial-branch=main'])
    await git(['-C', work, 'add', '--all'])
    await git(['-C', work, ...commit])
    await git(['-C', work, 'tag', 'v1'])
    await git(['clone', '--quiet', '--bare', work, bare])
    await git(['--git-dir', bare, 'update-server-info'])
  }
  const server = createServer(async (request, response) => {
    const path = join(dir, normalize(`/${new URL(request.url ?? '/', 'http://x').pathname}`))
    const content = await readFile(path).catch(() => undefined)
    response.writeHead(content === undefined ? 404 : 200).end(content)
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  server.unref()
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const gateway = (await engine.getNetwork('bridge').inspect()).IPAM?.Config?.[0]?.Gateway
  return {
    url: (name) => `http://${gateway}:${port}/${name}.git`,
    async close() {
      server.close()
      server.closeAllConnections()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
