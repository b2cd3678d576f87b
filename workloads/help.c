/* help.c - core makes the text of a command's help but prints nothing; this does. */
#include "workloads/help.h"

#include <stdio.h>

void wl_help_print(const struct fore_args *args)
{
    struct fore_buf text = {0};
    fore_args_help(args, &text);
    (void)fwrite(text.data, 1, text.len, stdout);
    fore_buf_fini(&text);
}
