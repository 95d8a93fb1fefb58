import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sshdConfig } from '#execd'
import type { ExecResult } from '#lib/exec.ts'
import { launch, run } from '#lib/exec.ts'
import { gitArgv } from '#lib/git.ts'
import { quoteWord } from '#lib/words.ts'
import { writeFiles } from '../../tests/e2e/harness/engine.ts'
import { attempt, eventually, freePort, type Instance, ok, type Repo } from '../../tests/e2e/harness.ts'

/** A bare repository that takes pushes, with nothing of ours behind it. */
export interface BareGit {
  push(work: Repo, branch: string): Promise<ExecResult>
}

/** Behind an sshd with the configuration of the gateway, beside an instance, on its engine and with its image. */
export async function bareSsh(instance: Instance): Promise<BareGit> {
  const { engine, dir, name, image } = instance
  const port = await freePort()
  const config = sshdConfig({ port, hostKeys: ['/tmp/key'], keys: { file: '/tmp/keys' }, users: ['dokku'], socket: '/none' })
  const script = `usermod --shell /bin/sh dokku && ssh-keygen -q -t ed25519 -N '' -f /tmp/key && git init -q --bare /tmp/bare.git && chown -R dokku /tmp/key /tmp/bare.git && chmod 755 /tmp/door && exec setpriv --reuid 12345 --regid 22022 --clear-groups /usr/sbin/sshd -D -e -f /tmp/config`
  const container = `${name}-bare`
  const create = ['create', '--name', container, '--label', `dokku.instance=${name}`, '--publish', `${port}:${port}`]
  ok(await engine.docker([...create, '--entrypoint', 'sh', image, '-c', script]))
  await writeFiles(dir, {
    config: config.replace(/ForceCommand .*/, 'ForceCommand /tmp/door'),
    keys: `${instance.publicKey}\n`,
    door: '#!/bin/sh\nexec git receive-pack /tmp/bare.git\n',
  })
  for (const file of ['config', 'keys', 'door']) ok(await engine.docker(['cp', join(dir, file), `${container}:/tmp/${file}`]))
  ok(await engine.docker(['start', container]))
  const argv = instance
    .sshArgv()
    .slice(0, -1)
    .map((word, at, all) => (all[at - 1] === '-p' ? String(port) : word))
  const env = { PATH: process.env.PATH ?? '', HOME: dir, GIT_SSH_VARIANT: 'ssh', GIT_SSH_COMMAND: argv.map(quoteWord).join(' ') }
  const push: BareGit['push'] = (work, branch) =>
    attempt(gitArgv(['-C', work.dir, 'push', `dokku@${engine.address}:bare`, `HEAD:refs/heads/${branch}`]), { env })
  return { push }
}

/** Behind nginx and fcgiwrap, here. */
export async function bareHttp({ dir }: Instance): Promise<BareGit & { close(): Promise<void> }> {
  const port = await freePort()
  const home = join(dir, 'bare-http')
  await mkdir(home, { recursive: true })
  await run(['git', 'init', '--quiet', '--bare', join(home, 'bare.git')])
  await run(['git', '--git-dir', join(home, 'bare.git'), 'config', 'http.receivepack', 'true'])
  await writeFile(join(home, 'nginx.conf'), nginxConf(home, port))
  const env = { PATH: process.env.PATH ?? '', HOME: home }
  const start = (argv: [string, ...string[]]) => launch(argv, { cwd: home, env, stdio: ['ignore', 'ignore', 'ignore'] })
  const programs = [start(['fcgiwrap', '-s', `unix:${home}/fcgi.sock`]), start(['nginx', '-c', join(home, 'nginx.conf')])]
  const git = (...words: string[]) => attempt(gitArgv(words), { env })
  const url = `http://127.0.0.1:${port}/bare.git`
  await eventually(async () => ok(await git('ls-remote', url)))
  return {
    push: (work, branch) => git('-c', largeBody, '-C', work.dir, 'push', url, `HEAD:refs/heads/${branch}`),
    close: async () => {
      for (const program of programs) program.kill('SIGTERM')
      await Promise.all(programs.map(({ exited }) => exited))
    },
  }
}

/** git sends a body at once, with its length: fcgiwrap takes none in pieces. */
export const largeBody = 'http.postBuffer=200000000'

function nginxConf(home: string, port: number): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${home}/${one};`)
  return `daemon off;
pid ${home}/nginx.pid;
error_log ${home}/error.log;
user root;
events {}
http {
  access_log off;
  ${temporary.join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 0;
    location / {
      fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
      fastcgi_param GIT_PROJECT_ROOT ${home};
      fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param PATH_INFO $uri;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;
      fastcgi_request_buffering off;
      fastcgi_pass unix:${home}/fcgi.sock;
    }
  }
}
`
}
