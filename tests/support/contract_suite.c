/* contract_suite.c - see contract_suite.h; the tests are in
 * contract_{life,columns,refusals,faults,content}.c. */
#include "tests/support/contract_help.h"

#include <stdio.h>

int contract_suite_run(const char *name, const struct contract_subject *subject)
{
    (void)fprintf(stderr, "contract: driver %s\n", name);
    contract_current = subject;
    return contract_life_run() + contract_columns_run() + contract_refusals_run() +
           contract_faults_run() + contract_content_run();
}
