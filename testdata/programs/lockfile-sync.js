#!/usr/bin/env node
const lockfile = require('lockfile'), path = process.argv[2]
try {
  lockfile.lockSync(path, { stale: 10000 })
  console.log('acquired')
  lockfile.unlockSync(path)
  console.log('released')
} catch (err) { console.log(err.code === 'EEXIST' ? 'busy' : 'failed ' + err.code) }
