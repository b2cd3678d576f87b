/*
 * contract_help.h - what the files of the contract suite share. Helpers find a partition and nodes
 * to play with in whatever topology the driver shows, so that no test knows its driver.
 */
#ifndef TEST_CONTRACT_HELP_H
#define TEST_CONTRACT_HELP_H

#include "tests/support/contract_suite.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define expect_ok(call) assert_int_equal((call), FORE_E_OK)

/* The subject of this run: cmocka's tests take no other way in. */
extern const struct contract_subject *contract_current;

/* The groups of the suite; each returns the number of its failed tests. */
int contract_life_run(void);
int contract_columns_run(void);
int contract_refusals_run(void);
int contract_faults_run(void);
int contract_content_run(void);

/* A fresh cluster of the current subject. */
struct fore_driver contract_open(void);
void contract_close(struct fore_driver driver);
const struct fore_topology *contract_view(struct fore_driver driver);
/* The `n`-th living partition that holds data. */
uint32_t contract_partition(struct fore_driver driver, uint32_t n);
uint16_t contract_owner(struct fore_driver driver, uint32_t partition);
/* A node that does not host the partition. */
uint16_t contract_stranger(struct fore_driver driver, uint32_t partition);
/* From the owner to a node that does not host it. */
struct fore_move contract_move(struct fore_driver driver, uint32_t partition);
/* In the middle. */
struct fore_move contract_split(struct fore_driver driver, uint32_t partition);
struct fore_move_status contract_poll(struct fore_driver driver, fore_ticket ticket);
/* These expect success. */
fore_ticket contract_begin(struct fore_driver driver, struct fore_move move);
void contract_wait_ready(struct fore_driver driver, fore_ticket ticket);
/* From READY to DONE. */
void contract_carry_out(struct fore_driver driver, fore_ticket ticket);
void contract_expect_valid(struct fore_driver driver);
void contract_expect_same_digest(struct fore_driver driver, uint32_t partition, uint16_t a,
                                 uint16_t b);
void contract_expect_nothing_on(struct fore_driver driver, uint32_t partition, uint16_t node);
/* Closes and skips the test if the driver has not all of these. */
void contract_need(struct fore_driver driver, uint32_t caps);

#endif
