/* fake_content.h - what the fake cluster's nodes hold, as the driver's digests, sums and reads. */
#ifndef TEST_FAKE_CONTENT_H
#define TEST_FAKE_CONTENT_H

#include "tests/support/fake_driver.h"

/* Operations of the driver; `self` is a struct fake. */
enum fore_err fake_op_digest(void *self, uint32_t partition, uint16_t node, uint64_t *out);
enum fore_err fake_op_content(void *self, uint32_t partition, uint16_t node,
                              struct fore_content *out);
enum fore_err fake_op_probe(void *self, uint64_t position, uint32_t partition, uint16_t node,
                            uint64_t *out);
/* A write was promised to a client: the account of the partition, which holds its own columns of
 * the row, follows. The truth does when all parts of the row have been told. */
void fake_acknowledge(struct fake *fake, uint32_t partition, struct fake_key key);

#endif
