"""Formulas need no script."""


def test_marked_formulas_become_mathml_and_code_stays(hook):
    convert = hook("formulas").with_formulas
    page = convert(r'<p><span class="arithmatex">\(x &lt; y\)</span> <code>\(x\)</code></p>')
    assert page.startswith("<p><math")
    assert 'display="inline"' in page
    assert "<code>\\(x\\)</code>" in page
    assert "arithmatex" not in page
    assert 'display="block"' in convert('<div class="arithmatex">\\[\na^2\n\\]</div>')
