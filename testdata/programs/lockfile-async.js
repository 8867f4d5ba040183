#!/usr/bin/env node
const lockfile = require('lockfile'), path = process.argv[2]
lockfile.lock(path, { stale: 10000 }, err => {
  if (err) return console.log(err.code === 'EEXIST' ? 'busy' : 'failed ' + err.code)
  console.log('acquired')
  lockfile.unlock(path, () => console.log('released'))
})
