import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExecError } from './exec.ts'
import { git, gitArgv, gitEnvironment } from './git.ts'

test('git answers what the program prints', async () => {
  assert.match((await git(['--version'])).stdout, /^git version \d/)
})

test('git throws ExecError with the words of a failed command', async () => {
  await assert.rejects(git(['--git-dir', '/nonexistent', 'rev-parse', 'HEAD']), (error) => {
    assert.ok(error instanceof ExecError)
    assert.match(error.stderr, /not a git repository/)
    return true
  })
})

test('git reads no personal settings, whatever the environment says', async () => {
  const { stdout } = await git(['config', '--list', '--show-scope'], {
    env: { HOME: '/root', GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'core.pager', GIT_CONFIG_VALUE_0: 'touch /tmp/owned' },
  })
  assert.doesNotMatch(stdout, /^global|core\.pager/m)
})

test('gitEnvironment keeps the quarantine of a push and drops other variables of git', () => {
  const env = gitEnvironment({ GIT_QUARANTINE_PATH: '/q', GIT_DIR: '.', GIT_SSH_COMMAND: 'sh', DOKKU_USER: 'alice' })
  assert.equal(env.GIT_QUARANTINE_PATH, '/q')
  assert.equal(env.DOKKU_USER, 'alice')
  assert.equal('GIT_DIR' in env || 'GIT_SSH_COMMAND' in env, false)
})

test('gitArgv keeps every word as it is', () => {
  assert.deepEqual(gitArgv(['log', '-e', '$(id)', '']).slice(-4), ['log', '-e', '$(id)', ''])
})
