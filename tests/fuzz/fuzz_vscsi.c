/* VMware block traces. */
#include "tests/fuzz/fuzz_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct wl_reader_options options = {.format = "vscsi"};
    fuzz_reader(data, size, &options);
    return 0;
}
