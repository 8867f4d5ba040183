#!/usr/bin/env node
const path = process.argv[2]
const lock = require('proper-lockfile').lock(path, { lockfilePath: path, realpath: false })
lock.then(release => {
  console.log('acquired')
  return release().then(() => console.log('released'))
}).catch(err => console.log(err.code === 'ELOCKED' ? 'busy' : 'failed ' + err.code))
