import { testRuntime } from '../../runtime/runtime.fixture.ts'

const again = /Downloading|Installing collected|Prepared \d|Package operations: [1-9]|- Installing/

testRuntime('python', [
  {
    app: 'python-pip',
    says: /Python 3\S+, pip\n/,
    text: 'Hello from Flask by pip\n',
    change: { file: 'app.py', from: 'Hello', to: 'Hi' },
    again,
  },
  {
    app: 'python-uv',
    says: /Python 3\S+: pyproject\.toml asks for Python >=3\.11, uv\n/,
    text: 'Hello from a package by uv\n',
    change: { file: 'src/greeter/__init__.py', from: 'Hello', to: 'Hi' },
    again: /Downloading|Installed [2-9]/, // The project itself is installed again.
  },
  {
    app: 'python-poetry',
    says: /Python 3\S+: .*, Poetry\n/,
    text: 'Hello from Bottle by Poetry\n',
    change: { file: 'server.py', from: 'Hello', to: 'Hi' },
    again,
  },
])
