import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type Docker, docker } from '#lib/docker.ts'
import { recorder, writeTree } from '../conformance.ts'
import { dockerfile } from '../drivers/dockerfile.ts'
import { resolveImage } from '../drivers/image.ts'
import { type Registry, startRegistry, tokenIssuer } from './registry.fixture.ts'

const login = { username: 'someone', password: 'right' }

describe('builder registries', () => {
  let engine: Docker
  let issuer: Awaited<ReturnType<typeof tokenIssuer>>
  const registries: Registry[] = []
  const dirs: string[] = []
  const images: string[] = []

  before(async () => {
    engine = await docker()
    issuer = await tokenIssuer(login)
    for (const auth of [{}, { htpasswd: login }, { token: issuer }]) registries.push(await startRegistry(engine, auth))
  })
  after(async () => {
    await Promise.all(registries.map((registry) => registry.stop()))
    await issuer?.close()
    for (const dir of dirs) await rm(dir, { recursive: true, force: true })
    for (const image of images)
      await engine
        .getImage(image)
        .remove({ force: true })
        .catch(() => {})
  })

  const build = async (text: string, image: string, logged: boolean) => {
    const dir = await writeTree({ Dockerfile: text, hello: randomBytes(8).toString('hex') })
    dirs.push(dir)
    images.push(image)
    const said = recorder()
    return dockerfile.build({ source: { dir }, image, labels: {}, output: said.output, ...(logged && { registries: () => login }) }, engine)
  }
  /** A base image that is at the registry and nowhere else. */
  const remote = async (at: number, repository: string) => {
    const host = registries[at]?.host ?? ''
    const name = `${host}/${repository}:${randomBytes(4).toString('hex')}`
    await build('FROM scratch\nCOPY hello /hello\n', name, true)
    const pushing = await engine.getImage(name).push({ authconfig: { ...login, serveraddress: host } })
    await new Promise<void>((resolve, reject) => engine.modem.followProgress(pushing, (error) => (error ? reject(error) : resolve())))
    await engine.getImage(name).remove({ force: true })
    return name
  }
  const derived = () => `test-builder-registry:${randomBytes(4).toString('hex')}`

  test('a base image of an open registry is pulled', async () => {
    await build(`FROM ${await remote(0, 'open/base')}\nCOPY hello /there\n`, derived(), false)
  })

  test('a base image behind a password is pulled when logged in, and refused when not', async () => {
    const base = await remote(1, 'private/base')
    await assert.rejects(build(`FROM ${base}\n`, derived(), false), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'build-failed')
      assert.match(error.message, /base image .*private\/base.* could not be pulled/)
      return true
    })
    await build(`FROM ${base}\nCOPY hello /there\n`, derived(), true)
  })

  test('a base image of a registry with tokens is pulled anonymously where it is public', async () => {
    await build(`FROM ${await remote(2, 'public/base')}\nCOPY hello /there\n`, derived(), false)
  })

  test('a base image of a registry with tokens is pulled logged in where it is private, and refused when not', async () => {
    const base = await remote(2, 'private/base')
    await assert.rejects(build(`FROM ${base}\n`, derived(), false), { code: 'build-failed' })
    await build(`FROM ${base}\nCOPY hello /there\n`, derived(), true)
  })

  test('resolveImage pulls what is not there, and takes what is', async () => {
    const name = await remote(1, 'private/app')
    images.push(name)
    const said = recorder()
    const options = { registries: (host: string) => (host === registries[1]?.host ? login : undefined) }
    const pulled = await resolveImage(engine, name, said.output, options)
    assert.match(said.lines().join(''), /Pulling .*private\/app/)
    assert.deepEqual(await resolveImage(engine, name, said.output), pulled)
  })

  test('resolveImage says which image is nowhere', async () => {
    const said = recorder()
    await assert.rejects(resolveImage(engine, `${registries[0]?.host}/no/such:1`, said.output), {
      code: 'image-not-found',
      message: /no\/such:1/,
    })
    await assert.rejects(resolveImage(engine, `${registries[1]?.host}/private/app:1`, said.output), {
      code: 'image-not-found',
      message: /private\/app:1/,
    })
  })

  test('resolveImage gives up on a registry that is silent or not there', async () => {
    const connections = new Set<Socket>()
    const silent = createServer((connection) => connections.add(connection.on('error', () => {})))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : undefined
    try {
      const waiting = resolveImage(engine, `127.0.0.1:${port}/some/app:1`, recorder().output, { silence: 200 })
      await assert.rejects(waiting, { code: 'registry-unreachable', message: /silent/ })
    } finally {
      silent.close()
      for (const connection of connections) connection.destroy()
    }
    await assert.rejects(resolveImage(engine, '127.0.0.1:1/some/app:1', recorder().output), { code: 'registry-unreachable' })
  })

  test('a syntax image that cannot be pulled says so and what to do', async () => {
    const text = '# syntax=127.0.0.1:1/docker/dockerfile:1\nFROM scratch\nCOPY hello /there\n'
    await assert.rejects(build(text, derived(), false), {
      code: 'syntax-unreachable',
      message: /127\.0\.0\.1:1\/docker\/dockerfile:1/,
      hint: /remove/,
    })
  })
})
