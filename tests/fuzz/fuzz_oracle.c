/* libCacheSim's 24-byte records, and what detection makes of any bytes. */
#include "tests/fuzz/fuzz_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct wl_reader_options options = {.format = "oracleGeneral"};
    fuzz_reader(data, size, &options);
    fuzz_reader(data, size, NULL);
    return 0;
}
