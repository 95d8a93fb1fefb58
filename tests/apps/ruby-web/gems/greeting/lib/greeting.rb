GREETING = "Hello from Ruby"
