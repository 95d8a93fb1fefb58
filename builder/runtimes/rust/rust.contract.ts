import { testRuntime } from '../../runtime/runtime.fixture.ts'

testRuntime('rust', [
  {
    app: 'rust-web',
    says: /Rust \S+, Cargo\n/,
    text: 'Hello from Rust\n',
    change: { file: 'src/main.rs', from: 'Hello', to: 'Hi' },
    again: /Downloaded|Compiling tiny_http/,
  },
])
