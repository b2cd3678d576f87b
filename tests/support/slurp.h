/* slurp.h - a small file as text: certificates and the like that a test hands to a server. */
#ifndef TEST_SLURP_H
#define TEST_SLURP_H

#include "core/base/base.h"

#include <stdio.h>
#include <stdlib.h>

/* At most 8,191 bytes; to be freed. */
static inline char *slurp(const char *name)
{
    char *text = calloc(1, 8192);
    FILE *file = fopen(name, "rb");
    FORE_ASSERT(text != NULL && file != NULL);
    FORE_ASSERT(fread(text, 1, 8191, file) > 0);
    (void)fclose(file);
    return text;
}

#endif
