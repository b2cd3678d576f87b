/* Text traces. An input that begins with '!' has a column specification in its first line; the
 * second byte of that line, if it is a digit, chooses the time unit. */
#include "tests/fuzz/fuzz_reader.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const unit[] = {"s", "ms", "us", "ns"};
    char columns[200] = "";
    struct wl_reader_options options = {.format = "csv", .columns = columns};
    if (size > 2 && data[0] == '!') {
        options.time_unit = unit[data[1] & 3];
        const uint8_t *end = memchr(data, '\n', size);
        size_t line = end != NULL ? (size_t)(end - data) : size;
        size_t len = line < 2 ? 0 : line - 2 < sizeof columns ? line - 2 : sizeof columns - 1;
        if (len > 0) memcpy(columns, data + 2, len);
        columns[len] = '\0';
        data += end != NULL ? line + 1 : line;
        size -= end != NULL ? line + 1 : line;
    }
    fuzz_reader(data, size, &options);
    return 0;
}
