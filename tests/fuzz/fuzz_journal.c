/*
 * Any bytes as a journal: read through, seek about, read as if the file grew. Then once more with
 * the checksums mended, because hardly a mutation would get past them to what lies behind.
 */
#include "tests/fuzz/mend.h"
#include "tests/support/memfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(struct fore_journal_reader *reader)
{
    struct fore_journal_record record;
    struct fore_diag diag = {0};
    volatile uint8_t sum = 0;
    while (fore_journal_reader_next(reader, &record, &diag) == FORE_E_OK) {
        const uint8_t *body = record.body;
        FORE_ASSERT((uintptr_t)body % 8 == 0);
        if (record.len > 0) sum = (uint8_t)(sum + body[0] + body[record.len - 1]);
    }
}

static void read_every_way(struct memfile file)
{
    struct fore_journal_reader *reader = NULL;
    if (fore_journal_reader_open(memfile_in(&file), &reader, NULL) == FORE_E_OK) {
        read_all(reader);
        fore_ns middle = fore_journal_reader_last(reader) / 2;
        if (fore_journal_reader_seek(reader, middle, NULL) == FORE_E_OK) read_all(reader);
        fore_journal_reader_close(reader);
    }
    file.visible = file.bytes.len / 2;
    if (fore_journal_reader_open(memfile_in(&file), &reader, NULL) == FORE_E_OK) {
        read_all(reader);
        file.visible = SIZE_MAX;
        read_all(reader);
        fore_journal_reader_close(reader);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memfile file = memfile_empty();
    fore_buf_append(&file.bytes, data, size);
    read_every_way(file);
    mend(&file.bytes);
    read_every_way(file);
    fore_buf_fini(&file.bytes);
    return 0;
}
