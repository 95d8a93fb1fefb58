#!/usr/bin/env node
/** The program `sshcommand`: one command for an account, run for whoever has one of its keys. */
import './sshcommand/main.ts'
