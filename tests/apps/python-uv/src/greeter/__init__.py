def greeting() -> str:
    return "Hello from a package by uv\n"
