import { testRuntime } from '../../runtime/runtime.fixture.ts'

testRuntime('procfile', [
  {
    app: 'procfile-only',
    says: /Procfile alone\n/,
    text: 'Hello from a Procfile\n',
    change: { file: 'serve', from: 'Hello', to: 'Hi' },
    again: /Unpacking/,
  },
])
