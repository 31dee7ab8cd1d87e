(comment) @comment

(function_definition name: (word) @name) @definition.function
