import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { longestAdditions } from '#nginx'
import { namedIn, readSiteTexts } from './site-texts.ts'

/** The folder of the app shop with these files; APP in them is its path, WWW that of a place that apps share. */
async function folderOf(files: Readonly<Record<string, string | Buffer>>) {
  const dir = await mkdtemp(join(tmpdir(), 'site-'))
  const [folder, www] = [join(dir, 'home/shop'), join(dir, 'www')]
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), typeof content === 'string' ? content.replaceAll('APP', folder).replaceAll('WWW', www) : content)
  }
  const read = async () => {
    const { additions, left } = await readSiteTexts('shop', { home: join(dir, 'home'), shared: [www] })
    if (additions === undefined || additions === 'kept') throw new Error(`there is ${additions}`)
    const short = ({ path }: { path: string }) => path.replace(`${folder}/`, '')
    return { inside: additions.inside.map(short), beside: additions.beside.map(short), files: additions.files.map(short), additions, left }
  }
  return { dir, folder, www, read, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) }
}

test('readSiteTexts takes nothing along where there is nothing for nginx', async () => {
  await using place = await folderOf({ ENV: 'export A=1\n', 'nginx.conf.d/README': 'x', '.nginx.beside': '\n' })
  for (const app of ['shop', 'gone'])
    assert.deepEqual(await readSiteTexts(app, { home: join(place.dir, 'home'), shared: [] }), { additions: undefined, left: [] })
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
  const { inside, beside, files, additions, left } = await place.read()
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
  const { inside, files, left } = await place.read()
  assert.deepEqual([inside, files], [['nginx.conf.d/a.conf'], ['page/a']])
  assert.deepEqual(
    left,
    ['nginx.conf.d/gone.conf', 'page/passwd', 'sub/htpasswd'].map(
      (name) => `${place.folder}/${name} is left out: it is a link, or behind one`,
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
  const { files, left } = await place.read()
  assert.deepEqual(files, ['page/1', 'page/2', 'page/4'])
  assert.match(left.join('\n'), /^\S+\/page\/3 is left out: nginx gets \d+ bytes of an app at most$/)
})

test('readSiteTexts takes along what a text names in another folder of the app', async () => {
  await using place = await folderOf({ 'nginx.conf.d/a.conf': 'root WWW/page/shop; alias WWW/page/shop2;' })
  for (const name of ['shop/index.html', 'shop2/index.html', 'index.html']) {
    await mkdir(dirname(join(place.www, 'page', name)), { recursive: true })
    await writeFile(join(place.www, 'page', name), 'x')
  }
  const { additions } = await place.read()
  assert.deepEqual(
    [additions.folders, additions.files],
    [[place.folder, `${place.www}/page/shop`], [{ path: `${place.www}/page/shop/index.html`, base64: 'eA==' }]],
  )
})

test('namedIn finds what is the app’s; not its config vars, its folder as a whole, or what is another’s', () => {
  const named = (text: string) => namedIn(text, 'shop', { home: '/home/dokku', shared: ['/var/www'] }).map(({ path }) => path)
  assert.deepEqual(named('a "/home/dokku/shop/x y";'), ['/home/dokku/shop/x'])
  assert.deepEqual(named('root /home/dokku/shop//page/;root /home/dokku/shop/./b;'), ['/home/dokku/shop/page', '/home/dokku/shop/b'])
  assert.deepEqual(named('alias /home/dokku/shop/page/$host/x; include /home/dokku/shop/c/*.conf;'), [
    '/home/dokku/shop/page',
    '/home/dokku/shop/c',
  ])
  assert.deepEqual(named('root /var/www/a/shop; root /var/www/shop/b;'), ['/var/www/a/shop', '/var/www/shop/b'])
  for (const none of [
    '/home/dokku/shop',
    '/home/dokku/shop/',
    '/home/dokku/shop/page$uri',
    '/home/dokku/shop/ENV',
    '/home/dokku/shop//ENV',
    '/home/dokku/shop/./ENV',
    '/home/dokku/shop/x/../ENV',
    '/home/dokku/shop/../other/x',
    '/home/dokku/shop/.nginx.beside',
    '/home/dokku/shop/nginx.conf.d/*.conf',
    '/home/dokku/shop2/x',
    '/home/dokku/other/shop/x',
    'x/home/dokku/shop/y',
    '/var/www/shop2/x',
    '/var/www',
    '/etc/shop/x',
  ])
    assert.deepEqual(named(`root ${none};`), [], none)
})
