/* What is shown, as files: whole or not at all, and the numbers are those of the model. */
#include "tests/support/journal_sample.h"
#include "tests/support/near.h"
#include "tests/support/scratch.h"
#include "viz/export.h"
#include "viz/shot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#define MINUTE (60 * FORE_SEC)

struct shown {
    struct scratch scratch;
    struct viz_player player;
    struct viz_export export;
};

static struct shown *show(void)
{
    struct sample_options options = sample_defaults();
    options.duration = 240 * MINUTE;
    struct fore_diag diag = {0};
    struct shown *s = calloc(1, sizeof *s);
    if (s == NULL) abort();
    s->scratch = scratch_begin();
    const char *path = scratch_path(&s->scratch, "sample.fsj");
    assert_int_equal(sample_write(&options, path, &diag), FORE_E_OK);
    assert_int_equal(viz_player_open(&s->player, path, VIZ_SPAN_AUTO, 600, &diag), FORE_E_OK);
    s->export = (struct viz_export){.theme = viz_colour_theme("light"),
                                    .width = 960,
                                    .height = 540,
                                    .pair = {.side = {&s->player}}};
    viz_export_go(&s->export, 200 * MINUTE);
    return s;
}

static void hide(struct shown *s)
{
    viz_player_close(&s->player);
    scratch_end(&s->scratch);
    free(s);
}

/* One field of a CSV line, unquoted; returns what follows it. */
static const char *field(const char *at, char *out, size_t size)
{
    size_t n = 0;
    bool quoted = *at == '"';
    for (at += quoted; *at != '\0'; at++) {
        if (quoted && at[0] == '"' && at[1] == '"')
            at++;
        else if (quoted ? *at == '"' : *at == ',' || *at == '\r')
            break;
        if (n + 1 < size) out[n++] = *at;
    }
    out[n] = '\0';
    at += quoted && *at == '"';
    return *at == ',' ? at + 1 : at;
}

struct fact {
    char run[64], panel[16], time[32], subject[64], measure[32], value[200];
};

static const char *next_fact(const char *line, struct fact *f)
{
    line = field(line, f->run, sizeof f->run);
    line = field(line, f->panel, sizeof f->panel);
    line = field(line, f->time, sizeof f->time);
    line = field(line, f->subject, sizeof f->subject);
    line = field(line, f->measure, sizeof f->measure);
    line = field(line, f->value, sizeof f->value);
    assert_true(line[0] == '\r' && line[1] == '\n'); /* six fields, no more, no less */
    return line + 2;
}

static void every_line_of_the_csv_is_a_fact_of_the_model(void **state)
{
    struct shown *s = show();
    struct fore_buf out = {0};
    struct fact f;
    viz_export_csv(&s->export, &out);
    const struct viz_model *model = &s->player.model;
    size_t heat = 0, later = 0, nodes = 0, reasons = 0;
    const char *line = next_fact(out.data, &f);
    assert_string_equal(f.measure, "measure");
    while (*line != '\0') {
        line = next_fact(line, &f);
        double at = strtod(f.time, NULL), value = strtod(f.value, NULL);
        unsigned p = f.subject[0] == 'p' ? (unsigned)strtoul(f.subject + 1, NULL, 10) : 0;
        if (strcmp(f.panel, "heat") == 0 && strcmp(f.measure, "load_cores") == 0) {
            const uint8_t *column =
                viz_matrix_column(&model->heat, (fore_ns)(at * 1e9) / model->heat.bucket_ns);
            assert_true(at <= 200 * 60 && value > 0);
            if (column != NULL && ++heat % 97 == 0) /* a pixel may show the bucket beside it */
                expect_near(value / viz_matrix_value(column[p]), 1, 1.5);
        } else if (strcmp(f.measure, "forecast_q50_cores") == 0) {
            double q = viz_model_forecast(model, p, (fore_ns)(at * 1e9), 1);
            assert_true(at >= 200 * 60);
            if (!isnan(q) && ++later % 11 == 0) expect_near(value / q, 1, 0.05);
        } else if (strcmp(f.measure, "utilization") == 0) {
            expect_near(value, (double)model->snapshot.node_load[nodes++].utilization, 1e-4);
        } else if (strcmp(f.measure, "reason") == 0) {
            assert_string_equal(f.value, model->snapshot.score[p].reason);
            reasons++;
        }
    }
    assert_true(heat > 1000 && later > 100 && reasons > 10);
    assert_int_equal(nodes, model->snapshot.topology.node_count);
    fore_buf_fini(&out);
    hide(s);
}

static void names_with_commas_and_quotes_survive(void **state)
{
    struct shown *s = show();
    struct fore_buf out = {0};
    struct fact f;
    const char *evil = "a,\"b\"\nc";
    memcpy(s->player.model.snapshot.topology.node[0].name, evil, strlen(evil) + 1);
    viz_export_csv(&s->export, &out);
    bool found = false;
    for (const char *line = out.data; *line != '\0';) {
        line = next_fact(line, &f);
        found |= strcmp(f.subject, evil) == 0;
    }
    assert_true(found);
    fore_buf_fini(&out);
    hide(s);
}

static void the_ending_of_the_name_chooses_the_format(void **state)
{
    static const struct {
        const char *name, *begins;
    } kind[] = {
        {"a.png", "\x89PNG"  },
        {"a.svg", "<?xml"    },
        {"a.pdf", "%PDF-"    },
        {"a.csv", "run,panel"},
        {"a",     "\x89PNG"  },
    };
    struct shown *s = show();
    struct fore_diag diag = {0};
    int files = scratch_count(&s->scratch);
    for (size_t i = 0; i < sizeof kind / sizeof kind[0]; i++) {
        char head[16] = {0};
        const char *path = scratch_path(&s->scratch, kind[i].name);
        assert_int_equal(viz_export_file(&s->export, path, &diag), FORE_E_OK);
        FILE *file = fopen(path, "rb");
        if (file == NULL || fread(head, 1, 9, file) != 9 || fclose(file) != 0) abort();
        assert_memory_equal(head, kind[i].begins, strlen(kind[i].begins));
        assert_int_equal(scratch_count(&s->scratch), ++files); /* nothing lies beside it */
    }
    assert_int_equal(viz_export_file(&s->export, "no/such/folder/a.svg", &diag), FORE_E_IO);
    assert_non_null(strstr(diag.text, "a.svg"));
    hide(s);
}

static void equal_moments_are_equal_bytes(void **state)
{
    struct shown *s = show();
    /* Not SVG: cairo numbers its surfaces through the whole process. */
    static const char *const name[] = {"a.png", "a.pdf", "a.csv"};
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++) {
        char *bytes[2];
        size_t len[2];
        for (int pass = 0; pass < 2; pass++) {
            const char *path = scratch_path(&s->scratch, name[i]);
            assert_int_equal(viz_export_file(&s->export, path, NULL), FORE_E_OK);
            FILE *file = fopen(path, "rb");
            if (file == NULL || fseek(file, 0, SEEK_END) != 0) abort();
            len[pass] = (size_t)ftell(file);
            rewind(file);
            bytes[pass] = malloc(len[pass]);
            if (fread(bytes[pass], 1, len[pass], file) != len[pass] || fclose(file) != 0) abort();
            viz_export_go(&s->export, 100 * MINUTE);
            viz_export_go(&s->export, 200 * MINUTE);
        }
        assert_int_equal(len[0], len[1]);
        assert_memory_equal(bytes[0], bytes[1], len[0]);
        free(bytes[0]);
        free(bytes[1]);
    }
    hide(s);
}

static void a_picture_is_written_while_the_page_goes_on(void **state)
{
    struct shown *s = show();
    struct fore_diag diag = {0};
    enum fore_err err = FORE_E_OK;
    cairo_surface_t *page = viz_shot_draw(&s->player, s->export.theme, 960, 540);
    const char *path = scratch_path(&s->scratch, "later.png");
    struct viz_export_job *job = viz_export_begin(page, path);
    assert_non_null(job);
    cairo_surface_destroy(page); /* it has its own copy */
    while (!viz_export_poll(job, &err, &diag))
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_int_equal(err, FORE_E_OK);
    assert_int_equal(access(path, R_OK), 0);
    page = viz_shot_draw(&s->player, s->export.theme, 960, 540);
    job = viz_export_begin(page, "no/such/folder/a.png");
    assert_int_equal(viz_export_end(job, &diag), FORE_E_IO);
    assert_non_null(strstr(diag.text, "no/such/folder"));
    cairo_surface_destroy(page);
    hide(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_of_the_csv_is_a_fact_of_the_model),
        cmocka_unit_test(names_with_commas_and_quotes_survive),
        cmocka_unit_test(the_ending_of_the_name_chooses_the_format),
        cmocka_unit_test(equal_moments_are_equal_bytes),
        cmocka_unit_test(a_picture_is_written_while_the_page_goes_on),
    };
    return cmocka_run_group_tests_name("viz/export", tests, NULL, NULL);
}
