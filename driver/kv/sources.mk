# SPDX-License-Identifier: GPL-2.0 OR MIT
# List the sources of the store of objects, for the module and the tests.
kv-sources := account.c applied.c bucket.c buffer.c compact.c cut.c disk.c doubt.c
kv-sources += flush.c index.c index_read.c index_write.c large.c log.c mend.c move.c
kv-sources += object.c open.c order.c pieces.c reclaim.c record.c replay.c scan.c
kv-sources += segment.c super.c value.c victim.c wait.c window.c write.c

# For user space: validate a file. With engine/user_digest.c.
kv-reader-sources := reader.c record.c scan.c super.c
