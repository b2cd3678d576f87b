/* Big-endian keys; also plain, zstd and xz packing, which every format shares. */
#include "tests/fuzz/fuzz_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct wl_reader_options options = {.format = "be32"};
    fuzz_reader(data, size, &options);
    return 0;
}
