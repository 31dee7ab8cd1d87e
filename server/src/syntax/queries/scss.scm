(comment) @comment
(single_line_comment) @comment

(rule_set (selectors) @name) @definition.rule
(mixin_statement (name) @name) @definition.function
(function_statement (name) @name) @definition.function
(placeholder (name) @name) @definition.rule
(stylesheet (declaration . (variable_name) @name) @definition.constant)
