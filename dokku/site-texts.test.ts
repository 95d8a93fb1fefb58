import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { longestAdditions } from '#nginx'
import { namedIn, readSiteTexts } from './site-texts.ts'

/** An app's folder with these files. */
async function folderOf(files: Readonly<Record<string, string | Buffer>>) {
  const dir = await mkdtemp(join(tmpdir(), 'site-'))
  const folder = join(dir, 'shop')
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), typeof content === 'string' ? content.replaceAll('APP', folder) : content)
  }
  return { dir, folder, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) }
}

/** What is read of a folder, by names within it, and files as text. */
async function read(folder: string) {
  const { additions, left } = await readSiteTexts(folder)
  if (additions === undefined || additions === 'kept') return { additions, left }
  const short = ({ path }: { path: string }) => path.replace(`${folder}/`, '')
  const { inside, beside, files } = additions
  return { inside: inside.map(short), beside: beside.map(short), files: files.map(short), additions, left }
}

test('readSiteTexts takes nothing along where there is nothing for nginx', async () => {
  await using place = await folderOf({ ENV: 'export A=1\n', 'nginx.conf.d/README': 'x', '.nginx.beside': '\n' })
  assert.deepEqual(await read(place.folder), { additions: undefined, left: [] })
  assert.deepEqual(await read(join(place.dir, 'gone')), { additions: undefined, left: [] })
})

test('readSiteTexts takes the texts in byte order, and of the rest only what they name', async () => {
  await using place = await folderOf({
    'nginx.conf.d/b.conf': 'root APP/page;',
    'nginx.conf.d/B.conf': 'auth_basic_user_file APP/htpasswd;',
    'nginx.conf.d/10-a.conf': '',
    '.nginx.beside': 'server { include APP/nginx.conf.d/*.conf; return 200 x; }',
    htpasswd: 'ada:x',
    'page/index.html': 'y',
    'page/img/a logo.png': Buffer.from([0xff, 0, 1]),
    'other/secret': 'z',
  })
  const { inside, beside, files, additions, left } = await read(place.folder)
  assert.deepEqual(inside, ['nginx.conf.d/10-a.conf', 'nginx.conf.d/B.conf', 'nginx.conf.d/b.conf'])
  assert.deepEqual(beside, ['nginx.conf'])
  assert.deepEqual(files, ['htpasswd', 'page/img/a logo.png', 'page/index.html'])
  assert.deepEqual([additions.folders, additions.files[1]?.base64, left], [[place.folder], '/wAB', []])
})

test('readSiteTexts leaves out links, whatever they lead to, and says so', async () => {
  await using place = await folderOf({
    'nginx.conf.d/a.conf': 'root APP/page; auth_basic_user_file APP/sub/htpasswd;',
    'real/htpasswd': 'x',
    'page/a': 'b',
  })
  await symlink('/etc/passwd', join(place.folder, 'page/passwd'))
  await symlink('/nowhere', join(place.folder, 'nginx.conf.d/gone.conf'))
  await symlink('real', join(place.folder, 'sub'))
  const { inside, files, left } = await read(place.folder)
  assert.deepEqual([inside, files], [['nginx.conf.d/a.conf'], ['page/a']])
  assert.deepEqual(
    left,
    ['nginx.conf.d/gone.conf', 'page/passwd', 'sub/htpasswd'].map(
      (name) => `${place.folder}/${name} is left out: it is a link, or leads out of the app's folder`,
    ),
  )
})

test('readSiteTexts leaves out what is more than nginx gets of an app', async () => {
  const half = Buffer.alloc(longestAdditions / 2 - 100)
  await using place = await folderOf({
    'nginx.conf.d/a.conf': 'root APP/page;',
    'page/1': half,
    'page/2': half,
    'page/3': half,
    'page/4': 'x',
  })
  const { files, left } = await read(place.folder)
  assert.deepEqual(files, ['page/1', 'page/2', 'page/4'])
  assert.match(left.join('\n'), /^\S+\/page\/3 is left out: nginx gets \d+ bytes of an app at most$/)
})

test('namedIn finds paths below the folder; config vars, and the folder itself, are none', () => {
  const named = (text: string) => namedIn(text, '/home/dokku/shop')
  assert.deepEqual(named('a "/home/dokku/shop/x y";'), ['x'])
  assert.deepEqual(named('root /home/dokku/shop/page/;root /home/dokku/shop/b;'), ['page', 'b'])
  assert.deepEqual(named('alias /home/dokku/shop/page$uri;'), [])
  assert.deepEqual(named('alias /home/dokku/shop/page/$host/x; include /home/dokku/shop/c/*.conf;'), ['page', 'c'])
  for (const none of [
    '/home/dokku/shop',
    '/home/dokku/shop/',
    '/home/dokku/shop/ENV',
    '/home/dokku/shop/.nginx.beside',
    '/home/dokku/shop2/x',
    'x/home/dokku/shop/y',
  ])
    assert.deepEqual(named(`root ${none};`), [], none)
})
