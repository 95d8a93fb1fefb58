import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRemote } from './fetch-guard.ts'
import { remoteConfig } from './git-config.ts'

const reached = (url: string, address: string) => ({ ...parseRemote(url), address })
const configOf = (url: string, address: string) => remoteConfig(reached(url, address), '/scratch', { user: 'me', password: 'a "secret"\\' })

test('remoteConfig lets git use one scheme, follow no redirect and connect to the address that was looked at', () => {
  const { config } = configOf('https://github.com/team/app.git', '140.82.121.4')
  assert.match(config, /\[protocol\]\n\tallow = "never"\n\[protocol "https"\]\n\tallow = "always"/)
  assert.match(config, /followRedirects = "false"/)
  assert.match(config, /curloptResolve = "github\.com:443:140\.82\.121\.4"/)
  assert.match(configOf('https://github.com:8443/x', '2606:4700::1').config, /curloptResolve = "github\.com:8443:\[2606:4700::1\]"/)
})

test('remoteConfig gives a password as a header, whatever is in it', () => {
  const { config } = configOf('https://github.com/x', '140.82.121.4')
  assert.match(config, new RegExp(`extraHeader = "Authorization: Basic ${btoa('me:a "secret"\\')}"`))
  assert.ok(!config.includes('secret'))
})

test('remoteConfig lets ssh connect to the address, and know the host by its name and port', () => {
  const { ssh } = configOf('git@github.com:team/app.git', '140.82.121.4')
  assert.match(ssh, /^HostName 140\.82\.121\.4\nHostKeyAlias github\.com$/m)
  assert.match(ssh, /^StrictHostKeyChecking yes$/m)
  assert.match(configOf('ssh://git@example.com:2222/x', '93.184.215.14').ssh, /^HostKeyAlias \[example\.com\]:2222$/m)
})

test('remoteConfig has the git protocol go to the address in place of the name', () => {
  const { config } = configOf('git://example.com:9999/team/app', '93.184.215.14')
  assert.match(config, /\[url "git:\/\/93\.184\.215\.14:9999\/"\]\n\tinsteadOf = "git:\/\/example\.com:9999\/"/)
})
